#pragma once
namespace geo {
class Shape {
public:
	virtual double area() const;
	double twice() { return 2 * area(); }
};
class Square : public Shape {
	double side;
public:
	explicit Square(double s) : side(s) {}
	double area() const;
};
}
