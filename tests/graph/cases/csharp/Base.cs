namespace Acme.Tools {
  public class Base { public int Twice() { return 2; } }
  public class Helper { public int Work() { return 1; } }
}
