namespace N { [Route("api/[controller]")] class C { [HttpGet("{id}")] public int G(int id) { return Environment.GetEnvironmentVariable("CSX") + Configuration["A:B"]; } } }
