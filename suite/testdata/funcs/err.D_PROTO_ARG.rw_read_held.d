/* hosts: linux */
BEGIN { rw_read_held((struct mutex *)0); }
