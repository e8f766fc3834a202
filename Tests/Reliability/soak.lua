-- For wrk: POSTs texts drawn anew for each request to several routes by turns; prints what became of them as JSON.

local words = { "a", "fine", "dull", "film", "story", "and", "of" }
local paths = { "/embed", "/embed", "/embed", "/embed", "/embed", "/embed", "/classify", "/tokenize", "/embed_all" }

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local count = 0
request = function()
    count = count + 1
    local text = {}
    for index = 1, math.random(12) do text[index] = words[math.random(#words)] end
    local inputs = '"' .. table.concat(text, " ") .. '"'
    if count % 16 == 0 then inputs = "[" .. inputs .. ', "a fine film", "dull"]' end
    return wrk.format(nil, paths[count % #paths + 1], nil, '{"inputs": ' .. inputs .. "}")
end

done = function(summary)
    local errors = summary.errors
    io.write(string.format('\n{"requests": %d, "failures": %d}\n', summary.requests,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
