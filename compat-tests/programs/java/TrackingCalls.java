import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.mlflow.api.proto.Service.CreateRun;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.ActiveRun;
import org.mlflow.tracking.ExperimentsPage;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowContext;
import org.mlflow.tracking.MlflowHttpException;
import org.mlflow.tracking.ModelVersionsPage;
import org.mlflow.tracking.RunsPage;

/** The calls of the Java client, but for artifacts; prints what each was answered. */
public class TrackingCalls {
  private static final MlflowClient client = new MlflowClient();

  interface Action {
    void run() throws Exception;
  }

  static void print(String title, Object answer) {
    System.out.println("== " + title + "\n" + answer);
  }

  static <T> T show(String title, Callable<T> call) throws Exception {
    T answer = call.call();
    print(title, answer);
    return answer;
  }

  static void refused(String title, int status, Action action) throws Exception {
    try {
      action.run();
    } catch (MlflowHttpException refusal) {
      if (refusal.getStatusCode() != status) throw refusal;
      print(title + " is refused", refusal.getReasonPhrase() + "\n" + refusal.getBodyMessage());
      return;
    }
    throw new AssertionError(title + " was not refused");
  }

  static void check(boolean truth, String what) {
    if (!truth) throw new AssertionError(what);
  }

  static Metric point(String key, double value, long time, long step) {
    return Metric.newBuilder().setKey(key).setValue(value).setTimestamp(time).setStep(step).build();
  }

  static void experiments() throws Exception {
    String id = client.createExperiment("häuser");
    show("getExperiment", () -> client.getExperiment(id));
    client.setExperimentTag(id, "team", "ä");
    client.renameExperiment(id, "Häuser");
    show("getExperimentByName", () -> client.getExperimentByName("Häuser"));
    check(client.getExperimentByName("nobody").isEmpty(), "an experiment of nobody");
    refused("getExperiment", 404, () -> client.getExperiment("987654"));
    refused("createExperiment", 400, () -> client.createExperiment("Häuser"));
    client.deleteExperiment(id);
    refused("deleteExperiment", 404, () -> client.deleteExperiment(id));
    client.restoreExperiment(id);
    for (int number = 0; number < 5; number++) client.createExperiment("java page " + number);
    List<String> order = List.of("name ASC");
    ExperimentsPage page = client.searchExperiments("name LIKE 'java page%'", ViewType.ALL, 2, order);
    for (int sizes = 2; ; sizes = page.getItems().size()) {
      check(page.getPageSize() == sizes, "a page of " + page.getPageSize());
      show("searchExperiments", page::getItems);
      if (!page.hasNextPage()) break;
      page = (ExperimentsPage) page.getNextPage();
    }
  }

  static String run(String experiment) throws Exception {
    CreateRun creation = CreateRun.newBuilder().setExperimentId(experiment).setStartTime(1000).setRunName("erster")
        .setUserId("ann").addTags(RunTag.newBuilder().setKey("a").setValue("é")).build();
    String id = show("createRun", () -> client.createRun(creation)).getRunId();
    client.logParam(id, "lr", "0.1");
    client.logParam(id, "lr", "0.1");
    refused("logParam", 400, () -> client.logParam(id, "lr", "0.2"));
    client.setTag(id, "farbe", "röt");
    client.setTag(id, "gone", "soon");
    client.deleteTag(id, "gone");
    client.logMetric(id, "loss", 0.5, 10, 1);
    client.logMetric(id, "loss", 0.25, 11, 2);
    client.logMetric(id, "loss", Double.NaN, 12, 3);
    client.logMetric(id, "now", 1e-17);
    refused("logMetric", 400, () -> client.logMetric(id, "a*b", 1));
    List<Metric> points = new ArrayList<>();
    for (int number = 0; number < 100; number++) points.add(point("batch", number / 7.0, 20 + number % 3, number));
    client.logBatch(id, points, List.of(Param.newBuilder().setKey("p").setValue("1").build()),
        List.of(RunTag.newBuilder().setKey("t").setValue("2").build()));
    check(client.getMetricHistory(id, "batch").size() == 100, "100 points");
    show("getMetricHistory", () -> client.getMetricHistory(id, "loss"));
    client.setTerminated(id, RunStatus.FAILED, 2000);
    return id;
  }

  static void runs() throws Exception {
    String experiment = client.createExperiment("runs");
    String id = run(experiment);
    show("getRun", () -> client.getRun(id));
    client.deleteRun(id);
    show("getRun of a deleted one", () -> client.getRun(id).getInfo());
    refused("setTag", 400, () -> client.setTag(id, "a", "b"));
    client.restoreRun(id);
    refused("getRun", 404, () -> client.getRun("0123456789abcdef0123456789abcdef"));

    for (int number = 0; number < 5; number++) {
      CreateRun one = CreateRun.newBuilder().setExperimentId(experiment).setStartTime(2000 + number).build();
      client.logMetric(client.createRun(one).getRunId(), "acc", number, 1, 1);
    }
    List<String> experiments = List.of(experiment);
    show("searchRuns", () -> client.searchRuns(experiments, "metrics.acc > 2"));
    show("searchRuns of deleted ones", () -> client.searchRuns(experiments, "", ViewType.DELETED_ONLY));
    List<String> order = List.of("metrics.acc DESC");
    RunsPage page = client.searchRuns(experiments, "", ViewType.ACTIVE_ONLY, 4, order);
    show("searchRuns, first page", page::getItems);
    check(page.getPageSize() == 4 && page.hasNextPage(), "a first page of 4");
    RunsPage last = (RunsPage) page.getNextPage();
    show("searchRuns, last page", last::getItems);
    check(last.getPageSize() == 2 && !last.hasNextPage(), "a last page of 2");
    refused("searchRuns", 400, () -> client.searchRuns(experiments, "colour = 'red'"));
  }

  static void context() throws Exception {
    MlflowContext context = new MlflowContext(client).setExperimentId(client.createExperiment("context"));
    ActiveRun parent = context.startRun("parent");
    parent.logParam("depth", "3");
    parent.logMetric("acc", 0.5, 1);
    parent.setTag("colour", "red");
    ActiveRun child = context.startRun("child", parent.getId());
    child.endRun();
    parent.endRun(RunStatus.KILLED);
    show("a run of the context", () -> client.getRun(parent.getId()));
    show("its child", () -> client.getRun(child.getId()));
  }

  static void models() throws Exception {
    client.sendPost("registered-models/create", "{\"name\": \"model\"}");
    for (int number = 0; number < 3; number++) {
      client.sendPost("model-versions/create", "{\"name\": \"model\", \"source\": \"s3://bucket/x\"}");
    }
    client.sendPost("model-versions/transition-stage",
        "{\"name\": \"model\", \"version\": \"2\", \"stage\": \"Production\"}");
    show("getRegisteredModel", () -> client.getRegisteredModel("model"));
    show("getModelVersion", () -> client.getModelVersion("model", "2"));
    show("getLatestVersions", () -> client.getLatestVersions("model", List.of("Production")));
    show("getModelVersionDownloadUri", () -> client.getModelVersionDownloadUri("model", "1"));
    ModelVersionsPage page = client.searchModelVersions("name = 'model'", 2, List.of("version_number ASC"));
    show("searchModelVersions", page::getItems);
    check(page.hasNextPage(), "a second page");
    refused("getRegisteredModel", 404, () -> client.getRegisteredModel("nobody"));
  }

  public static void main(String[] arguments) throws Exception {
    experiments();
    runs();
    context();
    models();
    client.close();
  }
}
