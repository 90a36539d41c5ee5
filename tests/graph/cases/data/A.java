package p;
@RestController
@RequestMapping("/api")
public class A {
  @Value("${server.port:80}") int port;
  @GetMapping("/x/{id}")
  public String x(String id) { return System.getenv("HOME") + System.getProperty("user.dir"); }
  @Path("/y") @POST
  public void y() { new ProcessBuilder("ls", "-l"); }
}
@Table(name = "people")
class P {}
