/* stderr: line 5: */
BEGIN { trace(1); }
/* open

