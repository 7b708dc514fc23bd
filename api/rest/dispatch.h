// The one road of every request: checks, route, handler, reply; and the only catch.
#pragma once

#include "api/http/exchange.h"
#include "api/http/target.h"
#include "api/http/trusted_proxies.h"
#include "api/rest/app.h"
#include "api/rest/routes.h"
#include "api/rest/security.h"

namespace millrace {

class Dispatch {
 public:
  Dispatch(App& app, SecuritySettings security);

  // Never throws.
  HttpResponse operator()(HttpRequest& http) const;

 private:
  struct Answer {
    HttpResponse response;
    Layer layer;  // of MLflow that would have given it
  };

  Answer route(HttpRequest& http, Target target, bool in_capitals) const;
  HttpResponse call(const Route& row, const Request& request) const;
  HttpResponse answer(const Route& row, const Request& request) const;
  HttpResponse unknown_path(const HttpRequest& http, const Target& target) const;
  HttpResponse options(const Rows& rows, std::string_view path) const;

  App& app_;
  RouteIndex index_;
  TrustedProxies proxies_;
  Security security_;
};

}  // namespace millrace
