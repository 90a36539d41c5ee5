#ifndef TABLE_H
#define TABLE_H
struct tide {
	int minute;
	double height;
};
extern struct tide *find_tide();
int count_marks(const char *line, char mark);
#endif
