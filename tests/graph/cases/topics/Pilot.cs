class Pilot {
	void Tell(IProducer p) { p.ProduceAsync("pilots", m); }
	void Hear(IConsumer c) { c.Subscribe("pilots"); }
}
