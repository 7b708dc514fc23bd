-- The requests of scripts/bench_tracking, for wrk: `wrk ... -s tracking_load.lua URL -- LOAD RUN...`
-- LOAD is metric, batch (100 points of one key), keys (100 points of 100 keys) or search; then the body is in RUN.
-- Every point is new: its step is counted up, each thread in a range of its own, and so is its time.

local threads = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

local function batch(key)
  local points = {}
  for i = 0, 99 do
    points[i + 1] = string.format('{"key":"%s","value":0.%02d,"timestamp":17000#%02d,"step":#%02d}',
                                  key(i), i, i, i)
  end
  return '{"run_id":"%s","metrics":[' .. table.concat(points, ",") .. ']}'
end

local loads = {
  metric = function() return '{"run_id":"%s","key":"loss","value":0.25,"timestamp":17000#,"step":#}' end,
  batch = function() return batch(function() return "loss" end) end,
  keys = function() return batch(function(i) return string.format("layer%02d/loss", i) end) end,
}

function init(arguments)
  runs = arguments
  load = table.remove(runs, 1)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  count = 0
  bodies = {}
  for i, run in ipairs(runs) do
    bodies[i] = load == "search" and run or loads[load]():gsub("%%s", run)
  end
end

function request()
  count = count + 1
  local body = bodies[count % #bodies + 1]
  if load ~= "search" then body = body:gsub("#", id * 100000000 + 10000000 + count) end
  return wrk.format(nil, nil, nil, body)
end
