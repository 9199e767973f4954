/* hosts: linux */

/* A translated pointer is a number where it has a name. */

BEGIN { x = (int)xlate <psinfo_t *> (curthread); exit(0); }
