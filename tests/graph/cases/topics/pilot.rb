def tell(exchange)
  exchange.publish("on board", routing_key: "pilots")
end

def hear(redis)
  redis.subscribe("tide")
end
