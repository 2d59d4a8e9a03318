-- Asks about tokens: ask.lua (introspect | openbao) VALUES-FILE OUR-TOKEN MOST [PAUSE]. The values are taken in an order
-- that no cache of the system foresees, the first MOST of them only. With a PAUSE, in milliseconds, each connection
-- rests so long before it asks again.
local requests = {}
local pause = 0

function init(arguments)
  local kind, path, own = arguments[1], arguments[2], arguments[3]
  local most = tonumber(arguments[4])
  pause = tonumber(arguments[5] or 0)
  for value in io.lines(path) do
    if #requests == most then break end
    local body, headers
    if kind == "openbao" then
      body = '{"token":"' .. value .. '"}'
      headers = { ["X-Vault-Token"] = own, ["Content-Type"] = "application/json" }
    else
      body = "token=" .. value
      headers = { ["Authorization"] = "Bearer " .. own, ["Content-Type"] = "application/x-www-form-urlencoded" }
    end
    local target = kind == "openbao" and "/v1/auth/token/lookup" or "/v1/introspect"
    requests[#requests + 1] = wrk.format("POST", target, headers, body)
  end
  math.randomseed(1)
end

function delay()
  return pause
end

function request()
  return requests[math.random(#requests)]
end
