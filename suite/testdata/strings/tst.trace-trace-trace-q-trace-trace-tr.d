BEGIN { trace('\?'); trace('\"'); trace('\q'); trace("\'"); trace("\?"); trace('\0'); trace('\08'); trace('\1234'); trace('\xfff'); exit(0); }
