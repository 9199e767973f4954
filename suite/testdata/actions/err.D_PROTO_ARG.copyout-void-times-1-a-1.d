/* args: -w */
BEGIN { copyout((void *)1, "a", 1); exit(0); }
