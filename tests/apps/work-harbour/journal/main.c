void put_entry(const char *ship);

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		put_entry(argv[i]);
	return 0;
}
