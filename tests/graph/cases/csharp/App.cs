using System;
namespace Acme.Tools {
  public class App : Base {
    private readonly Helper helper;
    public App(Helper h) { helper = h; }
    public int Run() { Console.WriteLine("x"); return helper.Work() + this.Twice(); }
    public static void Main() { var a = new App(new Helper()); a.Run(); }
  }
}
