#include "shape.h"
#include <cmath>
namespace geo {
double Shape::area() const { return 0; }
double Square::area() const { return side * side; }
}
static double measure(geo::Square &s, std::ostream &out) { out.twice(); return s.area(); }
int main() { geo::Square *s = new geo::Square(2); return measure(*s, 0); }
