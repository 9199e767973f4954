_Imaginary float x;
BEGIN { }
