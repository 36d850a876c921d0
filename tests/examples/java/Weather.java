import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Pattern;

/** Asks for the weather, and checks what the emulator found: `java Weather.java` under `exec`. */
public class Weather {
    static final HttpClient CLIENT = HttpClient.newHttpClient();
    static final String BASE = System.getenv("OPENAI_BASE_URL");
    static final String KEY = System.getenv("OPENAI_API_KEY");

    static String send(String method, String path, String body) throws Exception {
        URI address = URI.create(BASE + "/").resolve(path);
        HttpRequest request = HttpRequest.newBuilder(address)
            .header("Authorization", "Bearer " + KEY)
            .header("OpenAI-Beta", "assistants=v2")
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
        HttpResponse<String> response = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() >= 400) throw new AssertionError(method + " " + path + ": " + response.body());
        return response.body();
    }

    /** The first value of a key; an application uses a JSON library. */
    static String value(String json, String key) {
        var found = Pattern.compile("\"" + key + "\": *\"([^\"]*)\"").matcher(json);
        if (!found.find()) throw new AssertionError(key + " is not in " + json);
        return found.group(1);
    }

    public static void main(String[] arguments) throws Exception {
        String assistant = value(send("POST", "assistants", "{\"model\": \"gpt-4o\"}"), "id");
        String question = "{\"role\": \"user\", \"content\": \"How is the weather?\"}";
        String thread = value(send("POST", "threads", "{\"messages\": [" + question + "]}"), "id");
        String runs = "threads/" + thread + "/runs";
        String run = send("POST", runs, "{\"assistant_id\": \"" + assistant + "\"}");
        while (!value(run, "status").equals("completed")) {
            run = send("GET", runs + "/" + value(run, "id"), "");
        }
        System.out.println(value(send("GET", "threads/" + thread + "/messages", ""), "value"));
        String check = send("GET", "/_emulator/check", "");
        if (!check.contains("\"ok\": true")) throw new AssertionError(check);
    }
}
