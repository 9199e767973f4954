/* hosts: linux */
BEGIN { mutex_owned(curthread); }
