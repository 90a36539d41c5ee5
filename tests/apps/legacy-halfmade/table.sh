# makes table.h
