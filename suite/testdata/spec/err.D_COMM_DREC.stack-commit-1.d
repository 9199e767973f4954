/* hosts: linux */
BEGIN { stack(); commit(1); }
