/* args: -q */

/* Keys of four and eight bytes print signed whatever their type, and all keys
   sort unsigned. */

BEGIN
{
	@i[-1] = sum(1); @i[1] = sum(1); @i[0] = sum(1); @i[-2] = sum(1);
	@l[-1L, "x"] = sum(1); @l[1L, "x"] = sum(1);
	@u[(unsigned)-1] = sum(1); @u[1u] = sum(1);
	@ul[-1ul] = sum(1); @ul[1ul] = sum(1);
	@p[(void *)-1ul] = sum(1); @p[(void *)1] = sum(1);
	printa(@i); printa(@l); printa(@u); printa(@ul); printa(@p);
	printa("%d %@d\n", @i);
	printa("%u\n", @u);
	exit(0);
}
