-- A script for wrk: posts the lines of a file, one in each request, in order and again from the start; prints the result
-- as JSON.
--
--   TEXTS=short.txt wrk -t1 -c32 -d10s -s load.lua http://127.0.0.1:8080

local bodies = {}
for line in io.lines(os.getenv("TEXTS")) do
    if line:find("%S") then
        bodies[#bodies + 1] = '{"inputs":["' .. line:gsub('[\\"]', "\\%0"):gsub("%c", " ") .. '"]}'
    end
end

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local count = 0
request = function()
    count = count + 1
    return wrk.format(nil, "/embed", nil, bodies[count % #bodies + 1])
end

done = function(summary, latency)
    local errors = summary.errors
    io.write(string.format('\n{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "failures": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
