BEGIN { trace(lltostr(0)); trace(lltostr(-1)); trace(lltostr(123456789012345)); trace(lltostr(-9223372036854775807 - 1)); exit(0); }
