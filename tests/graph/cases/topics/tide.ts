export class Tide {
  async tell(producer: any, channel: any) {
    await producer.send({ topic: "berths", messages: [{ value: "1" }] });
    channel.sendToQueue("dues", Buffer.from("1"));
  }
  async hear(consumer: any) {
    await consumer.subscribe({ topics: ["berths", "more"], fromBeginning: true });
  }
  @EventPattern("tide.high")
  high() {}
}
