use std::convert::Infallible;

use super::*;

const FORM: &str = "--x\r\ncontent-disposition: form-data; name=\"list\"\r\n\r\nada@example.org\r\n--x--\r\n";

/// The body is not there when the parser first looks, and complete when it looks for the second time.
#[tokio::test]
async fn a_form_that_arrives_while_it_is_looked_for_is_complete() {
    let late = tokio_stream::once(()).then(async |()| {
        tokio::task::yield_now().await;
        Ok::<_, Infallible>(FORM)
    });
    let request = Request::post("/").header("content-type", "multipart/form-data; boundary=x");
    let request = request.body(Body::from_stream(late)).unwrap();
    let form = extract::Multipart::from_request(request.map(with_late_end), &()).await.unwrap();
    let upload = read(form, 100).await.unwrap();
    assert_eq!(upload.text("list"), "ada@example.org");
}
