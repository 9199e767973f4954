/* status: 1 */
BEGIN { trace(stringof((char *)0)); exit(0); } ERROR { exit(1); }
