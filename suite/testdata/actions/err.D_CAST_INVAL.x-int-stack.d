/* hosts: linux */
BEGIN { x = (int)stack(); exit(0); }
