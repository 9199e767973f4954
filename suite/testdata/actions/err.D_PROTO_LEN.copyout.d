/* args: -w */
BEGIN { copyout(); exit(0); }
