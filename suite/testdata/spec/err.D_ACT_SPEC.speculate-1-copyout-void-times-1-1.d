/* args: -w */
BEGIN { speculate(1); copyout((void *)1, 1, 1); }
