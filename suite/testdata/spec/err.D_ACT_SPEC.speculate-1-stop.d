/* args: -w */
/* hosts: linux */
BEGIN { speculate(1); stop(); }
