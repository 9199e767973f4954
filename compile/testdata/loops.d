int x;

BEGIN
{
	for (this->i = 0; this->i < 10; this->i++)
		@[this->i] = count();
	while (x < 100) {
		x += 7;
		if (x == 70)
			break;
	}
}
