double rate_of(const char *flag);
double fee(double length, const char *flag);
