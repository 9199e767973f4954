/* hosts: linux */
BEGIN { d_path((struct file *)0); }
