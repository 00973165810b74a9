//! Shapes: which properties an answer shall carry.

use crate::{
    fields::FieldUri,
    xml::{element, words},
};

element! {
    pub struct ItemShape {
        "t:BaseShape" base_shape: BaseShape,
        "t:IncludeMimeContent" include_mime_content: Option<bool>,
        "t:BodyType" body_type: Option<BodyTypeWanted>,
        "t:UniqueBodyType" unique_body_type: Option<BodyTypeWanted>,
        "t:FilterHtmlContent" filter_html_content: Option<bool>,
        "t:ConvertHtmlCodePageToUTF8" convert_html_code_page_to_utf8: Option<bool>,
        "t:MaximumBodySize" maximum_body_size: Option<i32>,
        "t:AdditionalProperties?/*" additional_properties: Vec<FieldUri>,
    }

    pub struct FolderShape {
        "t:BaseShape" base_shape: BaseShape,
        "t:AdditionalProperties?/*" additional_properties: Vec<FieldUri>,
    }
}

words! {
    pub enum BaseShape { IdOnly, Default, AllProperties }

    pub enum BodyTypeWanted { Best, Html = "HTML", Text }
}

impl ItemShape {
    /// Ids only.
    pub fn id_only() -> Self {
        Self::of(BaseShape::IdOnly)
    }

    pub fn of(base_shape: BaseShape) -> Self {
        Self {
            base_shape,
            include_mime_content: None,
            body_type: None,
            unique_body_type: None,
            filter_html_content: None,
            convert_html_code_page_to_utf8: None,
            maximum_body_size: None,
            additional_properties: Vec::new(),
        }
    }

    pub fn with(mut self, field: impl Into<FieldUri>) -> Self {
        self.additional_properties.push(field.into());
        self
    }

    pub fn with_body_as(mut self, body_type: BodyTypeWanted) -> Self {
        self.body_type = Some(body_type);
        self
    }
}

impl FolderShape {
    pub fn of(base_shape: BaseShape) -> Self {
        Self { base_shape, additional_properties: Vec::new() }
    }

    pub fn with(mut self, field: impl Into<FieldUri>) -> Self {
        self.additional_properties.push(field.into());
        self
    }
}
