/* args: extra */
/* stderr: line 4: */
BEGIN { }
