/* status: 1 */
BEGIN { exit(1); } BEGIN { trace("not"); } END { trace("end"); }
