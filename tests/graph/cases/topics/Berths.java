package quay;

class Berths {
	KafkaTemplate template;

	@KafkaListener(topics = "berths", groupId = "g")
	void hear(String s) {
	}

	@RabbitListener(queues = {"dues"})
	void pay(String s) {
	}

	@KafkaListener(topics = "${berths.topic:berths}")
	void hearConfigured(String s) {
	}

	void tell() {
		template.send(new ProducerRecord<>("berths", "1"));
		rabbit.convertAndSend("pilots", "x");
	}
}
