char *clock_text(int minute)
{
	char *text = malloc(6);

	sprintf(text, "%02d:%02d", minute / 60, minute % 60);
	return strdup(text);
}
