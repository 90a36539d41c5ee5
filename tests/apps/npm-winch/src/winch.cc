#include <napi.h>

#include <cmath>

// Tension that a load needs after some turns around the drum (Euler and Eytelwein): load, friction, turns.
static Napi::Value
Hold(const Napi::CallbackInfo &info)
{
	const double load = info[0].As<Napi::Number>();
	const double friction = info[1].As<Napi::Number>();
	const double turns = info[2].As<Napi::Number>();
	return Napi::Number::New(info.Env(), load * std::exp(-friction * turns * 2 * std::acos(-1)));
}

static Napi::Object
Init(Napi::Env env, Napi::Object exports)
{
	exports.Set("hold", Napi::Function::New(env, Hold));
	return exports;
}

NODE_API_MODULE(winch, Init)
