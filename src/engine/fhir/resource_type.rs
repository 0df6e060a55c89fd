//! The resource types of FHIR R4 (4.0.1).

/// A FHIR R4 resource type that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceType(u16);

impl ResourceType {
    /// The type of this name, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        let mut slot = hash(name.as_bytes());
        while let Some(at @ 1..) = SLOTS.get(slot).copied() {
            let place = usize::from(at) - 1;
            if NAMES.get(place) == Some(&name) {
                return u16::try_from(place).ok().map(Self);
            }
            slot = (slot + 1) % SLOTS.len();
        }
        None
    }

    /// The names of all, in order.
    pub fn names() -> Vec<&'static str> {
        NAMES.to_vec()
    }

    /// Its name, e.g. `ServiceRequest`.
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).copied().unwrap_or("")
    }
}

/// Where a name is first looked for among [`SLOTS`].
const fn hash(mut name: &[u8]) -> usize {
    let mut hash = 0_u32;
    while let [byte, rest @ ..] = name {
        hash = hash.wrapping_mul(31).wrapping_add(*byte as u32);
        name = rest;
    }
    hash as usize % SLOTS.len()
}

/// By hash, the place of a name among [`NAMES`], counted from 1; 0 is an empty slot, at which a search ends. Most of them
/// are: the type of each resource of an event is asked for many times.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
static SLOTS: [u8; 512] = {
    let mut slots = [0; 512];
    let mut place = 0;
    while place < NAMES.len() {
        let mut slot = hash(NAMES[place].as_bytes());
        while slots[slot] != 0 {
            slot = (slot + 1) % slots.len();
        }
        place += 1;
        slots[slot] = place as u8;
    }
    slots
};

/// In byte order, which is the order of the types.
const NAMES: &[&str] = &[
    "Account",
    "ActivityDefinition",
    "AdverseEvent",
    "AllergyIntolerance",
    "Appointment",
    "AppointmentResponse",
    "AuditEvent",
    "Basic",
    "Binary",
    "BiologicallyDerivedProduct",
    "BodyStructure",
    "Bundle",
    "CapabilityStatement",
    "CarePlan",
    "CareTeam",
    "CatalogEntry",
    "ChargeItem",
    "ChargeItemDefinition",
    "Claim",
    "ClaimResponse",
    "ClinicalImpression",
    "CodeSystem",
    "Communication",
    "CommunicationRequest",
    "CompartmentDefinition",
    "Composition",
    "ConceptMap",
    "Condition",
    "Consent",
    "Contract",
    "Coverage",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "DetectedIssue",
    "Device",
    "DeviceDefinition",
    "DeviceMetric",
    "DeviceRequest",
    "DeviceUseStatement",
    "DiagnosticReport",
    "DocumentManifest",
    "DocumentReference",
    "EffectEvidenceSynthesis",
    "Encounter",
    "Endpoint",
    "EnrollmentRequest",
    "EnrollmentResponse",
    "EpisodeOfCare",
    "EventDefinition",
    "Evidence",
    "EvidenceVariable",
    "ExampleScenario",
    "ExplanationOfBenefit",
    "FamilyMemberHistory",
    "Flag",
    "Goal",
    "GraphDefinition",
    "Group",
    "GuidanceResponse",
    "HealthcareService",
    "ImagingStudy",
    "Immunization",
    "ImmunizationEvaluation",
    "ImmunizationRecommendation",
    "ImplementationGuide",
    "InsurancePlan",
    "Invoice",
    "Library",
    "Linkage",
    "List",
    "Location",
    "Measure",
    "MeasureReport",
    "Media",
    "Medication",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationKnowledge",
    "MedicationRequest",
    "MedicationStatement",
    "MedicinalProduct",
    "MedicinalProductAuthorization",
    "MedicinalProductContraindication",
    "MedicinalProductIndication",
    "MedicinalProductIngredient",
    "MedicinalProductInteraction",
    "MedicinalProductManufactured",
    "MedicinalProductPackaged",
    "MedicinalProductPharmaceutical",
    "MedicinalProductUndesirableEffect",
    "MessageDefinition",
    "MessageHeader",
    "MolecularSequence",
    "NamingSystem",
    "NutritionOrder",
    "Observation",
    "ObservationDefinition",
    "OperationDefinition",
    "OperationOutcome",
    "Organization",
    "OrganizationAffiliation",
    "Parameters",
    "Patient",
    "PaymentNotice",
    "PaymentReconciliation",
    "Person",
    "PlanDefinition",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
    "Questionnaire",
    "QuestionnaireResponse",
    "RelatedPerson",
    "RequestGroup",
    "ResearchDefinition",
    "ResearchElementDefinition",
    "ResearchStudy",
    "ResearchSubject",
    "RiskAssessment",
    "RiskEvidenceSynthesis",
    "Schedule",
    "SearchParameter",
    "ServiceRequest",
    "Slot",
    "Specimen",
    "SpecimenDefinition",
    "StructureDefinition",
    "StructureMap",
    "Subscription",
    "Substance",
    "SubstanceNucleicAcid",
    "SubstancePolymer",
    "SubstanceProtein",
    "SubstanceReferenceInformation",
    "SubstanceSourceMaterial",
    "SubstanceSpecification",
    "SupplyDelivery",
    "SupplyRequest",
    "Task",
    "TerminologyCapabilities",
    "TestReport",
    "TestScript",
    "ValueSet",
    "VerificationResult",
    "VisionPrescription",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_found() {
        assert!(NAMES.is_sorted());
        for name in NAMES {
            assert_eq!(ResourceType::parse(name).unwrap().name(), *name);
        }
        assert_eq!(ResourceType::parse("ServiceRequest").unwrap().name(), "ServiceRequest");
        assert_eq!(ResourceType::parse("Referral"), None);
    }
}
