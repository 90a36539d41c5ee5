int fathoms; /* as it was done before every file had to say extern */
void heave(void);
