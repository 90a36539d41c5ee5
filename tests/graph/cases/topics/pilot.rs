fn tell_rust(client: Client) {
    client.publish("tide/level", QoS::AtLeastOnce, false, "1");
    client.subscribe("tide/level", QoS::AtMostOnce);
}
