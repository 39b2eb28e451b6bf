// A closed loop of Score calls against lookup-server: connections x calls in flight.
//
// Prints one JSON object with the fields of `loopback-bench run --json`. Fails if
// any call was not answered with success, or its account was not known.

#include <grpcpp/grpcpp.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "lookup.grpc.pb.h"

namespace {

using probity::peer::Lookup;
using probity::v1::ScoreReply;
using probity::v1::ScoreRequest;

uint64_t nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1'000'000'000 + uint64_t(time.tv_nsec);
}

struct Shape {
  int port, connections, inFlight, threads;
  uint64_t accounts, seed;
  double warmUpSeconds, seconds;
};

// What one thread saw.
struct Result {
  // Of every call that was sent and answered while it counted.
  std::vector<uint64_t> latencies;
  uint64_t misses = 0, refused = 0;
};

// One call after another in the same memory.
class Call {
 public:
  Call(Lookup::Stub& stub, grpc::CompletionQueue& queue) : stub_(stub), queue_(queue) {
    request_.set_kind(probity::v1::BUYER);
  }

  void send(uint64_t account, uint64_t now) {
    sentNanoseconds_ = now;
    request_.set_account(account);
    reply_.Clear();
    // A context is good for one call only.
    reader_.reset();
    context_.emplace();
    reader_ = stub_.AsyncScore(&*context_, request_, &queue_);
    reader_->Finish(&reply_, &status_, this);
  }

  uint64_t sentNanoseconds() const { return sentNanoseconds_; }
  bool isAnswered() const { return status_.ok(); }
  bool isKnown() const { return reply_.known(); }

 private:
  Lookup::Stub& stub_;
  grpc::CompletionQueue& queue_;
  std::optional<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<ScoreReply>> reader_;
  ScoreRequest request_;
  ScoreReply reply_;
  grpc::Status status_;
  uint64_t sentNanoseconds_ = 0;
};

std::shared_ptr<grpc::Channel> connect(const Shape& shape) {
  grpc::ChannelArguments arguments;
  // Without it, channels to one address share one connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  auto channel = grpc::CreateCustomChannel(
      "127.0.0.1:" + std::to_string(shape.port), grpc::InsecureChannelCredentials(), arguments);
  const auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(10);
  if (!channel->WaitForConnected(deadline)) {
    std::fprintf(stderr, "cannot connect to port %d\n", shape.port);
    std::exit(1);
  }
  return channel;
}

Result run(const Shape& shape, int thread, uint64_t countedFrom, uint64_t end) {
  grpc::CompletionQueue queue;
  std::mt19937_64 random(shape.seed + uint64_t(thread));
  std::uniform_int_distribution<uint64_t> account(1, shape.accounts);
  std::vector<std::unique_ptr<Lookup::Stub>> stubs;
  for (int i = thread; i < shape.connections; i += shape.threads) {
    stubs.push_back(Lookup::NewStub(connect(shape)));
  }
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < shape.inFlight; ++i) {
    for (auto& stub : stubs) calls.push_back(std::make_unique<Call>(*stub, queue));
  }
  for (auto& call : calls) call->send(account(random), nanoseconds());

  Result result;
  result.latencies.reserve(1 << 20);
  size_t inFlight = calls.size();
  void* tag;
  bool isOK;
  while (inFlight > 0 && queue.Next(&tag, &isOK)) {
    Call& call = *static_cast<Call*>(tag);
    const uint64_t now = nanoseconds();
    const bool isAnswered = isOK && call.isAnswered();
    if (!isAnswered) {
      ++result.refused;
    } else if (!call.isKnown()) {
      ++result.misses;
    }
    if (now >= countedFrom && now < end) result.latencies.push_back(now - call.sentNanoseconds());
    // A server that refuses is not asked again, so that the run ends.
    if (now < end && isAnswered) {
      call.send(account(random), now);
    } else {
      --inFlight;
    }
  }
  queue.Shutdown();
  while (queue.Next(&tag, &isOK)) {
  }
  return result;
}

int report(const Shape& shape, std::vector<Result>& results) {
  std::vector<uint64_t> all;
  uint64_t misses = 0, refused = 0;
  for (auto& result : results) {
    all.insert(all.end(), result.latencies.begin(), result.latencies.end());
    misses += result.misses;
    refused += result.refused;
  }
  if (all.empty()) {
    std::fprintf(stderr, "nothing was answered\n");
    return 3;
  }
  std::sort(all.begin(), all.end());
  const auto percentile = [&](double share) {
    const auto rank = size_t(std::ceil(share * double(all.size())));
    return double(all[std::max<size_t>(rank, 1) - 1]) / 1e3;
  };
  std::printf(
      "{\"server\": \"grpc\", \"connections\": %d, \"inFlightPerConnection\": %d, "
      "\"threads\": %d, \"batch\": 1, \"accounts\": %llu, \"seed\": %llu, \"seconds\": %.6f, "
      "\"requests\": %zu, \"requestsPerSecond\": %.0f, \"accountsPerSecond\": %.0f, "
      "\"misses\": %llu, \"refused\": %llu, \"latency\": {\"p50Microseconds\": %.3f, "
      "\"p90Microseconds\": %.3f, \"p99Microseconds\": %.3f, \"p999Microseconds\": %.3f, "
      "\"maxMicroseconds\": %.3f}}\n",
      shape.connections, shape.inFlight, shape.threads, (unsigned long long)shape.accounts,
      (unsigned long long)shape.seed, shape.seconds, all.size(),
      double(all.size()) / shape.seconds, double(all.size()) / shape.seconds,
      (unsigned long long)misses, (unsigned long long)refused, percentile(0.5), percentile(0.9),
      percentile(0.99), percentile(0.999), percentile(1));
  return misses > 0 || refused > 0 ? 3 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 9) {
    std::fprintf(stderr,
                 "usage: lookup-load PORT CONNECTIONS IN_FLIGHT THREADS ACCOUNTS SEED"
                 " WARM_UP_SECONDS SECONDS\n");
    return 2;
  }
  Shape shape{};
  shape.port = std::atoi(argv[1]);
  shape.connections = std::atoi(argv[2]);
  shape.inFlight = std::atoi(argv[3]);
  shape.threads = std::atoi(argv[4]);
  shape.accounts = std::strtoull(argv[5], nullptr, 10);
  shape.seed = std::strtoull(argv[6], nullptr, 10);
  shape.warmUpSeconds = std::atof(argv[7]);
  shape.seconds = std::atof(argv[8]);
  if (shape.port < 1 || shape.connections < 1 || shape.inFlight < 1 || shape.threads < 1 ||
      shape.threads > shape.connections || shape.accounts < 1 || shape.seconds <= 0) {
    std::fprintf(stderr, "every number but the seed and the warm-up must be more than 0, and"
                         " THREADS no more than CONNECTIONS\n");
    return 2;
  }
  std::vector<Result> results(static_cast<size_t>(shape.threads));
  std::vector<std::thread> threads;
  // Connecting is part of the warm-up.
  const uint64_t countedFrom = nanoseconds() + uint64_t(shape.warmUpSeconds * 1e9);
  const uint64_t end = countedFrom + uint64_t(shape.seconds * 1e9);
  for (int i = 0; i < shape.threads; ++i) {
    threads.emplace_back(
        [&, i] { results[size_t(i)] = run(shape, i, countedFrom, end); });
  }
  for (auto& thread : threads) thread.join();
  return report(shape, results);
}
