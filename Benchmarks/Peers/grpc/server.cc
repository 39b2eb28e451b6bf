// The plain gRPC peer: scores from an unordered_map behind a C++ gRPC server.
//
// For: what a lookup costs over gRPC where everything else is as small as it can
// be. Not for: imitating Probity; the score is trivial, nothing is recorded, and
// nothing guards the map, since nobody writes it once the server listens. All of
// that is in the peer's favour.

#include <grpcpp/grpcpp.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "lookup.grpc.pb.h"

namespace {

using probity::v1::ScoreReply;
using probity::v1::ScoreRequest;

// As much about an account as Probity keeps: one cache line.
struct Evidence {
  float ordersSettled;
  float claims;
  float others[14];
};
static_assert(sizeof(Evidence) == 64);

using Accounts = std::unordered_map<uint64_t, Evidence>;

// Accounts 1…count, each with one to four orders and one in ten with a claim.
Accounts makeAccounts(uint64_t count) {
  Accounts accounts;
  accounts.reserve(count);
  for (uint64_t id = 1; id <= count; ++id) {
    Evidence evidence{};
    evidence.ordersSettled = float(1 + id % 4);
    evidence.claims = id % 10 == 0 ? 1 : 0;
    accounts.emplace(id, evidence);
  }
  return accounts;
}

// Fills a reply that takes as many bytes as Probity's.
void judge(const Accounts& accounts, const ScoreRequest& request, ScoreReply& reply) {
  const auto found = accounts.find(request.account());
  const bool isKnown = found != accounts.end();
  const float orders = isKnown ? found->second.ordersSettled : 0;
  const float claims = isKnown ? found->second.claims : 0;
  const int points = int(10 * orders - 50 * claims);
  reply.set_known(isKnown);
  reply.set_score(uint32_t(std::clamp(600 + points, 0, 1000)));
  reply.set_score_floor(uint32_t(std::clamp(350 + points, 0, 1000)));
  reply.set_tier(probity::v1::C);
  reply.set_confidence(orders);
  reply.add_reason_codes(102);
  reply.add_reason_points(points);
  const uint64_t now = uint64_t(std::time(nullptr));
  reply.set_as_of(request.as_of() != 0 ? request.as_of() : now);
  reply.set_log_position(1);
  reply.set_policy_version(1);
  reply.set_policy_hash(0x9e3779b97f4a7c15);
}

// One call after another in the same memory: the messages are cleared, not freed.
class Call {
 public:
  Call(probity::peer::Lookup::AsyncService& service, grpc::ServerCompletionQueue& queue,
       const Accounts& accounts)
      : service_(service), queue_(queue), accounts_(accounts) {
    accept();
  }

  void proceed(bool isOK) {
    if (isAccepting_ && isOK) {
      judge(accounts_, request_, reply_);
      isAccepting_ = false;
      responder_->Finish(reply_, grpc::Status::OK, this);
    } else if (!isAccepting_) {
      accept();
    }
    // Otherwise the server is shutting down: nothing more is asked of this call.
  }

 private:
  void accept() {
    // A context and its responder are good for one call only.
    responder_.reset();
    context_.emplace();
    responder_.emplace(&*context_);
    request_.Clear();
    reply_.Clear();
    isAccepting_ = true;
    service_.RequestScore(&*context_, &request_, &*responder_, &queue_, &queue_, this);
  }

  probity::peer::Lookup::AsyncService& service_;
  grpc::ServerCompletionQueue& queue_;
  const Accounts& accounts_;
  std::optional<grpc::ServerContext> context_;
  std::optional<grpc::ServerAsyncResponseWriter<ScoreReply>> responder_;
  ScoreRequest request_;
  ScoreReply reply_;
  bool isAccepting_ = true;
};

void serve(grpc::ServerCompletionQueue& queue) {
  void* tag;
  bool isOK;
  while (queue.Next(&tag, &isOK)) static_cast<Call*>(tag)->proceed(isOK);
}

// How many calls may wait for a thread at once: the deepest load has 50 x 64.
constexpr int callsAccepted = 4096;

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: lookup-server ACCOUNTS THREADS\n";
    return 2;
  }
  const uint64_t count = std::strtoull(argv[1], nullptr, 10);
  const int threadCount = std::atoi(argv[2]);
  if (count < 1 || threadCount < 1 || threadCount > 64) {
    std::cerr << "ACCOUNTS must be 1 or more, THREADS 1 to 64\n";
    return 2;
  }
  // Before any thread is there, so that only `sigwait` below gets them.
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stops, nullptr);

  const Accounts accounts = makeAccounts(count);
  probity::peer::Lookup::AsyncService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  for (int i = 0; i < threadCount; ++i) queues.push_back(builder.AddCompletionQueue());
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server || port == 0) {
    std::cerr << "cannot listen on 127.0.0.1\n";
    return 1;
  }
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < callsAccepted; ++i) {
    calls.push_back(std::make_unique<Call>(service, *queues[size_t(i) % queues.size()], accounts));
  }
  std::vector<std::thread> threads;
  for (auto& queue : queues) threads.emplace_back(serve, std::ref(*queue));
  std::cout << port << std::endl;

  int signal;
  sigwait(&stops, &signal);
  server->Shutdown(std::chrono::system_clock::now());
  for (auto& queue : queues) queue->Shutdown();
  for (auto& thread : threads) thread.join();
}
