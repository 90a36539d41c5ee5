def tell(producer, channel, redis, client):
    producer.send("berths", b"1")
    channel.basic_publish(exchange="", routing_key="dues", body=b"2")
    redis.publish("tide", "high")


def hear(channel, pubsub):
    channel.basic_consume(queue="dues", on_message_callback=print)
    pubsub.subscribe("tide")


def subscribe(name):
    return name


def other(name):
    subscribe("no-topic")
    name.publish(name)


def again(producer):
    producer.send(topic="pilots", value=b"3")
