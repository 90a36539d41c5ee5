int
main(void)
{
	return colour_of(green);
}
