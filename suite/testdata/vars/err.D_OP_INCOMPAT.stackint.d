/* hosts: linux */

BEGIN
{
	y = stack();
	y = 1;
}
